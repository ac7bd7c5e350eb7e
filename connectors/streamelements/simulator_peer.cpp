// filled in a moment
