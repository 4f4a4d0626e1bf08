"""WHAT WE WRITE: letters in the reader's language, each from one template and with a declared purpose."""
