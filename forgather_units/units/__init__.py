"""The transient units of one viewer: their properties, sandboxing and limits, and the operations on them."""
