// The log writer's work as plain C does it, in one thread: of each line its leaf hash and the tree above it (RFC 6962), of
// each batch one BGZF member per 65,280 bytes at deflate level 6, one write, one fdatasync.
//
//   cc -O2 -o writer writer.c -lz -lcrypto;  writer LINES OUT BATCH
//
// Prints CPU microseconds per line, all of the process, and the bytes written.
#define _GNU_SOURCE
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { MEMBER = 65280 };

static unsigned char edge[64][32];
static uint64_t leaves;

static void add_leaf(const char *line, size_t length) {
    unsigned char hash[32], node[65];
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, "\0", 1);
    SHA256_Update(&context, line, length);
    SHA256_Final(hash, &context);
    int level = 0;
    for (uint64_t rest = leaves; rest & 1; rest >>= 1, level++) {
        node[0] = 1;
        memcpy(node + 1, edge[level], 32);
        memcpy(node + 33, hash, 32);
        SHA256(node, 65, hash);
    }
    memcpy(edge[level], hash, 32);
    leaves++;
}

static size_t member(z_stream *stream, const char *lines, size_t length, unsigned char *out) {
    static const unsigned char head[16] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, 'B', 'C', 2, 0};
    memcpy(out, head, 16);
    deflateReset(stream);
    stream->next_in = (unsigned char *)lines;
    stream->avail_in = length;
    stream->next_out = out + 18;
    stream->avail_out = 2 * MEMBER;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END) exit(1);
    size_t size = 18 + stream->total_out + 8;
    uint32_t crc = crc32(0, (const unsigned char *)lines, length), plain = length;
    memcpy(out + size - 8, &crc, 4);
    memcpy(out + size - 4, &plain, 4);
    out[16] = (size - 1) & 0xff;
    out[17] = (size - 1) >> 8;
    return size;
}

int main(int count, char **words) {
    if (count != 4) return 2;
    int in = open(words[1], O_RDONLY), out = open(words[2], O_WRONLY | O_CREAT | O_TRUNC, 0600), batch = atoi(words[3]);
    struct stat status;
    if (in < 0 || out < 0 || batch < 1 || fstat(in, &status)) return 1;
    char *text = malloc(status.st_size);
    for (off_t have = 0; have < status.st_size;) {
        ssize_t got = read(in, text + have, status.st_size - have);
        if (got <= 0) return 1;
        have += got;
    }
    z_stream stream = {0};
    if (deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 1;
    unsigned char *buffer = malloc(64 * MEMBER);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    char *line = text, *end = text + status.st_size, *first = text;
    size_t used = 0, written = 0, lines = 0;
    while (line < end) {
        char *next = (char *)memchr(line, '\n', end - line) + 1;
        if (next - first > MEMBER) {
            used += member(&stream, first, line - first, buffer + used);
            first = line;
        }
        add_leaf(line, next - line - 1);
        line = next;
        if (++lines % batch && line < end) continue;
        used += member(&stream, first, line - first, buffer + used);
        first = line;
        if (write(out, buffer, used) != (ssize_t)used || fdatasync(out)) return 1;
        written += used;
        used = 0;
    }
    getrusage(RUSAGE_SELF, &after);
    double cpu = (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1e6
                 + after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec;
    printf("{\"lines\":%zu,\"cpu_us\":%.3f,\"bytes\":%.2f}\n", lines, cpu / lines, (double)written / lines);
    return 0;
}
