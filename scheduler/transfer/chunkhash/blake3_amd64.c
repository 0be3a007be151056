// BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs, chapter 2), sixteen of its 1 KiB
// chunks side by side in AVX-512 registers. The input's words are brought into lanes by
// permutations; gathering them costs most of the time on AMD's cores.
#include "blake3.h"
#include <immintrin.h>
#include <string.h>

typedef uint32_t lanes __attribute__((vector_size(64)));       // one word of sixteen states
typedef uint32_t unaligned __attribute__((vector_size(64), aligned(4)));

#define WIDE 16
#define BLOCK 64
#define CHUNK 1024
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))

enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };

static const uint32_t IV[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

// Which message word each of the 16 places of a round takes: the identity and six
// repetitions of the paper's permutation (table 2).
static const uint8_t SCHEDULE[7][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
	{3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
	{10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
	{12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
	{9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
	{11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

#define ROT(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
#define G(a, b, c, d, x, y)                                   \
	do {                                                      \
		a = a + b + (x), d = ROT(d ^ a, 16);                  \
		c = c + d, b = ROT(b ^ c, 12);                        \
		a = a + b + (y), d = ROT(d ^ a, 8);                   \
		c = c + d, b = ROT(b ^ c, 7);                         \
	} while (0)
#define ROUND(v, m, r)                                                              \
	do {                                                                            \
		G(v[0], v[4], v[8], v[12], m[SCHEDULE[r][0]], m[SCHEDULE[r][1]]);           \
		G(v[1], v[5], v[9], v[13], m[SCHEDULE[r][2]], m[SCHEDULE[r][3]]);           \
		G(v[2], v[6], v[10], v[14], m[SCHEDULE[r][4]], m[SCHEDULE[r][5]]);          \
		G(v[3], v[7], v[11], v[15], m[SCHEDULE[r][6]], m[SCHEDULE[r][7]]);          \
		G(v[0], v[5], v[10], v[15], m[SCHEDULE[r][8]], m[SCHEDULE[r][9]]);          \
		G(v[1], v[6], v[11], v[12], m[SCHEDULE[r][10]], m[SCHEDULE[r][11]]);        \
		G(v[2], v[7], v[8], v[13], m[SCHEDULE[r][12]], m[SCHEDULE[r][13]]);         \
		G(v[3], v[4], v[9], v[14], m[SCHEDULE[r][14]], m[SCHEDULE[r][15]]);         \
	} while (0)
#define ROUNDS(v, m) \
	do { ROUND(v, m, 0); ROUND(v, m, 1); ROUND(v, m, 2); ROUND(v, m, 3); ROUND(v, m, 4); ROUND(v, m, 5); ROUND(v, m, 6); } while (0)

// transpose makes column i of row j out of column j of row i: four perfect shuffles.
AVX512 static inline __attribute__((always_inline)) void transpose(lanes row[16]) {
	const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
	const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
	for (int step = 0; step < 4; step++) {
		lanes next[16];
		for (int i = 0; i < 8; i++) {
			next[2 * i] = (lanes)_mm512_permutex2var_epi32((__m512i)row[i], low, (__m512i)row[i + 8]);
			next[2 * i + 1] = (lanes)_mm512_permutex2var_epi32((__m512i)row[i], high, (__m512i)row[i + 8]);
		}
		memcpy(row, next, sizeof next);
	}
}

// wide hashes sixteen inputs of as many blocks, stride bytes apart, to sixteen chaining
// values of 32 bytes at out. The counter of input i is counter + i, or 0 for parents.
AVX512 static void wide(const uint8_t *in, size_t stride, int blocks, uint32_t counter, uint32_t flags, uint8_t *out) {
	lanes h[16];
	for (int i = 0; i < 8; i++)
		h[i] = (lanes)_mm512_set1_epi32(IV[i]);
	lanes index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	lanes count = flags & PARENT ? (lanes)_mm512_setzero_si512() : index + (lanes)_mm512_set1_epi32(counter);
	for (int b = 0; b < blocks; b++) {
		lanes m[16], v[16];
		for (int i = 0; i < WIDE; i++)
			m[i] = *(const unaligned *)(in + i * stride + b * BLOCK);
		transpose(m);
		uint32_t f = flags;
		if (!(flags & PARENT))
			f |= (b == 0 ? CHUNK_START : 0) | (b == blocks - 1 ? CHUNK_END : 0);
		for (int i = 0; i < 8; i++)
			v[i] = h[i];
		for (int i = 0; i < 4; i++)
			v[8 + i] = (lanes)_mm512_set1_epi32(IV[i]);
		v[12] = count, v[13] = (lanes)_mm512_setzero_si512(), v[14] = (lanes)_mm512_set1_epi32(BLOCK), v[15] = (lanes)_mm512_set1_epi32(f);
		ROUNDS(v, m);
		for (int i = 0; i < 8; i++)
			h[i] = v[i] ^ v[i + 8];
	}
	for (int i = 8; i < 16; i++)
		h[i] = (lanes)_mm512_setzero_si512();
	transpose(h);
	for (int i = 0; i < WIDE; i++)
		memcpy(out + 32 * i, &h[i], 32);
}

// narrow hashes what is left of less than 1 KiB: the last, and not the only, chunk.
static void narrow(const uint8_t *in, size_t size, uint32_t counter, uint8_t *out) {
	uint32_t h[8];
	memcpy(h, IV, sizeof h);
	for (size_t at = 0; at < size; at += BLOCK) {
		size_t n = size - at < BLOCK ? size - at : BLOCK;
		uint32_t m[16] = {0}, v[16];
		memcpy(m, in + at, n); // little-endian, as amd64 is
		memcpy(v, h, sizeof h);
		memcpy(v + 8, IV, 16);
		v[12] = counter, v[13] = 0, v[14] = n, v[15] = (at == 0 ? CHUNK_START : 0) | (at + BLOCK >= size ? CHUNK_END : 0);
		ROUNDS(v, m);
		for (int i = 0; i < 8; i++)
			h[i] = v[i] ^ v[i + 8];
	}
	memcpy(out, h, sizeof h);
}

int medhive_blake3_usable(void) {
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

void medhive_blake3(const uint8_t *in, size_t size, uint8_t out[32]) {
	// Chaining values of the tree's levels, by turns, with room behind the last: wide
	// reads and writes sixteen at a time, also where fewer are wanted.
	uint8_t level[2][(MEDHIVE_BLAKE3_MAX / CHUNK + 1 + 2 * WIDE) * 32] __attribute__((aligned(64)));
	size_t full = size / CHUNK, n = 0;
	for (; n + WIDE <= full; n += WIDE)
		wide(in + n * CHUNK, CHUNK, CHUNK / BLOCK, n, 0, level[0] + n * 32);
	if (n < full) {
		uint8_t rest[WIDE * CHUNK];
		memcpy(rest, in + n * CHUNK, (full - n) * CHUNK);
		memset(rest + (full - n) * CHUNK, 0, sizeof rest - (full - n) * CHUNK);
		wide(rest, CHUNK, CHUNK / BLOCK, n, 0, level[0] + n * 32);
		n = full;
	}
	if (size % CHUNK != 0)
		narrow(in + n * CHUNK, size % CHUNK, n, level[0] + n * 32), n++;
	// Pairs to parents, level by level; an odd one goes up as it is, which makes each
	// left side the largest power of two, as the paper wants.
	int from = 0;
	while (n > 2) {
		for (size_t i = 0; i < n / 2; i += WIDE)
			wide(level[from] + i * 64, 64, 1, 0, PARENT, level[!from] + i * 32);
		if (n % 2 != 0)
			memcpy(level[!from] + n / 2 * 32, level[from] + (n - 1) * 32, 32);
		n = (n + 1) / 2, from = !from;
	}
	wide(level[from], 64, 1, 0, PARENT | ROOT, level[!from]);
	memcpy(out, level[!from], 32);
}
