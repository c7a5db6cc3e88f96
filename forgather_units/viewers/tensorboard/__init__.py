"""TensorBoard: the stock command, its options, log directories, static files and private installation."""
