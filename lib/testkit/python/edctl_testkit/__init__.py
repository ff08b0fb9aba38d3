"""What the Python tests of several programs share."""
