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

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))
#define ALWAYS __attribute__((always_inline)) static inline

/// A message of one byte and those behind it, as the blocks of 64 bytes that FIPS 180-4, 5.1.1 pads it to.
struct message {
    /// The first block where the message is longer than one, the blocks between, which are where the bytes are, the last ones.
    uint8_t head[64], tail[128];
    const uint8_t *middle;
    size_t heads, middles, blocks;
};

ALWAYS void begin(struct message *message, uint8_t first, const uint8_t *bytes, size_t count) {
    uint64_t bits = ((uint64_t)count + 1) * 8;
    size_t used = 0;
    message->heads = count >= 63;
    message->middles = 0;
    if (message->heads) {
        message->head[0] = first;
        memcpy(message->head + 1, bytes, 63);
        message->middle = bytes + 63;
        message->middles = (count - 63) / 64;
        bytes += 63 + message->middles * 64;
        count = (count - 63) % 64;
    } else {
        message->tail[used++] = first;
    }
    if (count > 0) memcpy(message->tail + used, bytes, count);
    used += count;
    size_t tails = used < 56 ? 1 : 2;
    memset(message->tail + used, 0, 64 * tails - used);
    message->tail[used] = 0x80;
    for (int i = 0; i < 8; i++) message->tail[64 * tails - 1 - i] = (uint8_t)(bits >> (8 * i));
    message->blocks = message->heads + message->middles + tails;
}

ALWAYS const uint8_t *block(const struct message *message, size_t index) {
    if (index < message->heads) return message->head;
    index -= message->heads;
    if (index < message->middles) return message->middle + 64 * index;
    return message->tail + 64 * (index - message->middles);
}

/// What four rounds need and leave, in the order that the instructions want: ABEF, CDGH.
struct lane {
    __m128i abef, cdgh, words[4];
};

WITH_SHA ALWAYS void load(struct lane *lane, const uint8_t *bytes) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    for (int i = 0; i < 4; i++) {
        lane->words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), big_endian);
    }
}

/// Four rounds; the message schedule (FIPS 180-4, 6.2.2) goes on four words at a time.
WITH_SHA ALWAYS void rounds(struct lane *lane, int i) {
    __m128i *words = lane->words, now = words[i & 3];
    __m128i sum = _mm_add_epi32(now, _mm_load_si128((const __m128i *)(constants + 4 * i)));
    lane->cdgh = _mm_sha256rnds2_epu32(lane->cdgh, lane->abef, sum);
    lane->abef = _mm_sha256rnds2_epu32(lane->abef, lane->cdgh, _mm_shuffle_epi32(sum, 0x0e));
    if (i >= 12) return;
    __m128i next = _mm_sha256msg1_epu32(now, words[(i + 1) & 3]);
    next = _mm_add_epi32(next, _mm_alignr_epi8(words[(i + 3) & 3], words[(i + 2) & 3], 4));
    words[i & 3] = _mm_sha256msg2_epu32(next, words[(i + 3) & 3]);
}

/// Takes blocks of one message into its state.
WITH_SHA static void take(__m128i state[2], const struct message *message, size_t from) {
    struct lane lane = {state[0], state[1], {}};
    for (size_t index = from; index < message->blocks; index++) {
        __m128i abef = lane.abef, cdgh = lane.cdgh;
        load(&lane, block(message, index));
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) rounds(&lane, i);
        lane.abef = _mm_add_epi32(lane.abef, abef);
        lane.cdgh = _mm_add_epi32(lane.cdgh, cdgh);
    }
    state[0] = lane.abef;
    state[1] = lane.cdgh;
}

/// Takes the first blocks of two messages into their states, side by side: alone, a round waits for the one before it.
WITH_SHA static void take_two(__m128i states[2][2], const struct message messages[2], size_t blocks) {
    struct lane a = {states[0][0], states[0][1], {}}, b = {states[1][0], states[1][1], {}};
    for (size_t index = 0; index < blocks; index++) {
        __m128i abef_a = a.abef, cdgh_a = a.cdgh, abef_b = b.abef, cdgh_b = b.cdgh;
        load(&a, block(&messages[0], index));
        load(&b, block(&messages[1], index));
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) {
            rounds(&a, i);
            rounds(&b, i);
        }
        a.abef = _mm_add_epi32(a.abef, abef_a);
        a.cdgh = _mm_add_epi32(a.cdgh, cdgh_a);
        b.abef = _mm_add_epi32(b.abef, abef_b);
        b.cdgh = _mm_add_epi32(b.cdgh, cdgh_b);
    }
    states[0][0] = a.abef;
    states[0][1] = a.cdgh;
    states[1][0] = b.abef;
    states[1][1] = b.cdgh;
}

/// H(0) of FIPS 180-4, 5.3.3.
WITH_SHA ALWAYS void reset(__m128i state[2]) {
    state[0] = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
    state[1] = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
}

/// Back to A…H, big-endian.
WITH_SHA ALWAYS void end(const __m128i state[2], uint8_t *out) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    // FEBA, HGDC.
    __m128i feba = _mm_shuffle_epi32(state[0], 0x1b), dchg = _mm_shuffle_epi32(state[1], 0xb1);
    __m128i dcba = _mm_blend_epi16(feba, dchg, 0xf0), hgfe = _mm_alignr_epi8(dchg, feba, 8);
    _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(dcba, big_endian));
    _mm_storeu_si128((__m128i *)(out + 16), _mm_shuffle_epi8(hgfe, big_endian));
}

WITH_SHA void digest_sha256(uint8_t first, const uint8_t *bytes, size_t count, uint8_t *out) {
    struct message message;
    __m128i state[2];
    begin(&message, first, bytes, count);
    reset(state);
    take(state, &message, 0);
    end(state, out);
}

WITH_SHA void digest_sha256_two(
    uint8_t first, const uint8_t *a, size_t count_a, const uint8_t *b, size_t count_b, uint8_t *out
) {
    struct message messages[2];
    __m128i states[2][2];
    begin(&messages[0], first, a, count_a);
    begin(&messages[1], first, b, count_b);
    reset(states[0]);
    reset(states[1]);
    size_t both = messages[0].blocks < messages[1].blocks ? messages[0].blocks : messages[1].blocks;
    take_two(states, messages, both);
    for (int i = 0; i < 2; i++) {
        take(states[i], &messages[i], both);
        end(states[i], out + 32 * i);
    }
}

#else

bool digest_has_sha256(void) { return false; }

void digest_sha256(uint8_t first, const uint8_t *bytes, size_t count, uint8_t *out) {
    (void)first, (void)bytes, (void)count, (void)out;
    __builtin_trap();
}

void digest_sha256_two(
    uint8_t first, const uint8_t *a, size_t count_a, const uint8_t *b, size_t count_b, uint8_t *out
) {
    (void)first, (void)a, (void)count_a, (void)b, (void)count_b, (void)out;
    __builtin_trap();
}

#endif
