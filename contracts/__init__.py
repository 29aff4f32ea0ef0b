"""The shared vocabulary: generated protobuf, the map of subjects, the names of signals."""
