#include "CDigest.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

bool digest_has_sha256(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}

/// Takes whole blocks of 64 bytes into the state, which is kept in the order that the instructions want: ABEF, CDGH.
__attribute__((target("sha,sse4.1,ssse3"))) static void take(__m128i state[2], const uint8_t *bytes, size_t blocks) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abef = state[0], cdgh = state[1];
    for (; blocks > 0; blocks--, bytes += 64) {
        __m128i first = abef, second = cdgh, words[4];
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) {
            words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), big_endian);
        }
        // Four rounds each; the message schedule (FIPS 180-4, 6.2.2) goes on four words at a time.
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) {
            __m128i now = words[i & 3];
            __m128i sum = _mm_add_epi32(now, _mm_load_si128((const __m128i *)(constants + 4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            if (i >= 12) continue;
            __m128i next = _mm_sha256msg1_epu32(now, words[(i + 1) & 3]);
            next = _mm_add_epi32(next, _mm_alignr_epi8(words[(i + 3) & 3], words[(i + 2) & 3], 4));
            words[i & 3] = _mm_sha256msg2_epu32(next, words[(i + 3) & 3]);
        }
        abef = _mm_add_epi32(abef, first);
        cdgh = _mm_add_epi32(cdgh, second);
    }
    state[0] = abef;
    state[1] = cdgh;
}

__attribute__((target("sha,sse4.1,ssse3"))) void digest_sha256(
    uint8_t first, const uint8_t *bytes, size_t count, uint8_t *out
) {
    // H(0) of FIPS 180-4, 5.3.3, as ABEF and CDGH.
    __m128i state[2] = {
        _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
        _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19),
    };
    uint8_t block[128] = {first};
    size_t total = count + 1, used = 1;
    if (count >= 63) {
        memcpy(block + 1, bytes, 63);
        take(state, block, 1);
        bytes += 63;
        count -= 63;
        take(state, bytes, count / 64);
        bytes += count / 64 * 64;
        count %= 64;
        used = 0;
    }
    if (count > 0) memcpy(block + used, bytes, count);
    used += count;
    memset(block + used, 0, sizeof block - used);
    block[used] = 0x80;
    size_t blocks = used < 56 ? 1 : 2;
    uint64_t bits = (uint64_t)total * 8;
    for (int i = 0; i < 8; i++) block[64 * blocks - 1 - i] = (uint8_t)(bits >> (8 * i));
    take(state, block, blocks);
    // Back to A…H, big-endian.
    uint32_t abef[4], cdgh[4];
    memcpy(abef, &state[0], 16);
    memcpy(cdgh, &state[1], 16);
    const uint32_t words[8] = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
    for (int i = 0; i < 8; i++) {
        for (int k = 0; k < 4; k++) out[4 * i + k] = (uint8_t)(words[i] >> (24 - 8 * k));
    }
}

#else

bool digest_has_sha256(void) { return false; }

void digest_sha256(uint8_t first, const uint8_t *bytes, size_t count, uint8_t *out) {
    (void)first, (void)bytes, (void)count, (void)out;
    __builtin_trap();
}

#endif
