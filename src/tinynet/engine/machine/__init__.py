"""What the whole engine uses: workers and their queue, vectors and tiles, matrix products, memory, the compiler."""
