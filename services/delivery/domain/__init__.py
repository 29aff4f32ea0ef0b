"""The pure rules of delivery: messages, what becomes of calls, how a mail is put together."""
