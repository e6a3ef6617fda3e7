#ifndef CDIGEST_H
#define CDIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has instructions for SHA-256 (x86-64 SHA extensions); without them the functions below must not
/// be called.
bool digest_has_sha256(void);

/// SHA-256 (FIPS 180-4) of one byte and the `count` bytes behind it: a leaf or a node of an RFC 6962 tree.
///
/// `out` takes 32 bytes. Allocates nothing.
void digest_sha256(uint8_t first, const uint8_t *bytes, size_t count, uint8_t *out);

/// SHA-256 of two such messages side by side: less than twice the time of one.
///
/// `out` takes 64 bytes: a's hash, then b's. Allocates nothing.
void digest_sha256_two(
    uint8_t first, const uint8_t *a, size_t count_a, const uint8_t *b, size_t count_b, uint8_t *out
);

#endif
