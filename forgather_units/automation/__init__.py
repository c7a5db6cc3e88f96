"""Acts on jobs without a request: declared services, replaced folders, hints in a viewer's output."""
