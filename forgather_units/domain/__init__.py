"""The words of the product: jobs, their states, TensorBoard's options. Imports nothing of ours outside this folder."""
