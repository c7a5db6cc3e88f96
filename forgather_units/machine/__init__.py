"""This host: its addresses and ports, log directories, the stock TensorBoard, and what it can do."""
