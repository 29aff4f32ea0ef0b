"""Generated protobuf code; never edited by hand (`make gen`)."""
