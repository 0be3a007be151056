#include <stddef.h>
#include <stdint.h>

// The longest input: a 1 MiB chunk, its tag, and room for another of BLAKE3's chunks.
#define MEDHIVE_BLAKE3_MAX ((1 << 20) + 1024)

// Whether this processor has what medhive_blake3 needs.
int medhive_blake3_usable(void);

// The 32-byte hash of size bytes, more than 1,024 and at most MEDHIVE_BLAKE3_MAX.
void medhive_blake3(const uint8_t *in, size_t size, uint8_t out[32]);
