// load.c: what loading the log into a star costs in C, to compare `tollgate ingest` with.
//
//     load DATABASE SEGMENT...
//
// Inflates the segments, reads the lines in the writer's order of keys, encodes names in dictionaries, joins outcomes to their
// decisions, writes the rows of `call` and `request`, roll-ups by hour and day, the index of stopped calls; WAL, checkpoint.
// It leaves out what tollgate does besides: peaks, durations, first uses, the index of near misses, cursors, rejects, holds.
// Lines that are not as expected are counted and left out: its printed counts must be tollgate's.
// Prints JSON: CPU seconds of the process, rows, lines left out.
#define _GNU_SOURCE
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { TRANSACTION = 100000 };
static const int64_t NONE = INT64_MIN;
static sqlite3 *db;

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, db ? sqlite3_errmsg(db) : "");
    exit(1);
}

static void run(const char *sql) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL)) die(sql);
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)) die(sql);
    return statement;
}

static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) die("step");
    sqlite3_reset(statement);
}

static void bind(sqlite3_stmt *statement, int index, int64_t value) {
    if (value == NONE) sqlite3_bind_null(statement, index);
    else sqlite3_bind_int64(statement, index, value);
}

// Dictionaries: bytes to a row's id.

typedef struct { uint64_t hash; char *key; int length, id; } entry;
typedef struct { const char *name; entry *slots; int size, count; sqlite3_stmt *insert; } dictionary;

static uint64_t hash(const char *p, int n) {
    uint64_t h = 0x9E3779B97F4A7C15ull ^ (uint64_t)n, w;
    for (; n >= 8; p += 8, n -= 8) { memcpy(&w, p, 8); h = (h ^ w) * 0xD6E8FEB86659FD93ull; h ^= h >> 32; }
    for (w = 0; n > 0; n--) w = w << 8 | (uint8_t)*p++;
    h = (h ^ w) * 0xD6E8FEB86659FD93ull;
    return h ^ h >> 32;
}

static int intern(dictionary *d, const char *key, int length) {
    if (d->count * 2 >= d->size) {
        int size = d->size ? d->size * 2 : 1024;
        entry *slots = calloc(size, sizeof *slots);
        for (int i = 0; i < d->size; i++) {
            if (!d->slots[i].key) continue;
            int at = d->slots[i].hash & (size - 1);
            while (slots[at].key) at = (at + 1) & (size - 1);
            slots[at] = d->slots[i];
        }
        free(d->slots);
        d->slots = slots;
        d->size = size;
    }
    uint64_t h = hash(key, length);
    int at = h & (d->size - 1);
    for (; d->slots[at].key; at = (at + 1) & (d->size - 1))
        if (d->slots[at].hash == h && d->slots[at].length == length && !memcmp(d->slots[at].key, key, length))
            return d->slots[at].id;
    if (!d->insert) {
        char sql[256];
        snprintf(sql, sizeof sql, "CREATE TABLE %s (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", d->name);
        run(sql);
        snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (?, ?)", d->name);
        d->insert = prepare(sql);
    }
    d->slots[at] = (entry){h, memcpy(malloc(length + 1), key, length), length, ++d->count};
    sqlite3_bind_int64(d->insert, 1, d->count);
    sqlite3_bind_text(d->insert, 2, key, length, SQLITE_STATIC);
    step(d->insert);
    return d->count;
}

static dictionary actors = {"actor"}, tools = {"tool"}, verdicts = {"verdict"}, clients = {"client"}, sessions = {"session"},
    outcomes = {"outcome"};

// Roll-ups: sums by start, actor, tool, verdict and outcome.

typedef struct { int64_t start; uint64_t low; int64_t n, timed, upstream; } sum;
typedef struct { sum *slots; int size, count; sqlite3_stmt *add; } table;
static table hours, days;

static void count(table *t, int64_t start, uint64_t low, int64_t n, int64_t timed, int64_t upstream) {
    if (t->count * 2 >= t->size) {
        table bigger = {calloc(t->size ? t->size * 2 : 1024, sizeof(sum)), t->size ? t->size * 2 : 1024, 0, t->add};
        for (int i = 0; i < t->size; i++)
            if (t->slots[i].n)
                count(&bigger, t->slots[i].start, t->slots[i].low, t->slots[i].n, t->slots[i].timed, t->slots[i].upstream);
        free(t->slots);
        *t = bigger;
    }
    int at = (low ^ (uint64_t)start * 0x9E3779B97F4A7C15ull) * 0xD6E8FEB86659FD93ull >> 32 & (t->size - 1);
    while (t->slots[at].n && (t->slots[at].start != start || t->slots[at].low != low)) at = (at + 1) & (t->size - 1);
    if (!t->slots[at].n) t->count++;
    t->slots[at].start = start;
    t->slots[at].low = low;
    t->slots[at].n += n;
    t->slots[at].timed += timed;
    t->slots[at].upstream += upstream;
}

static int by_key(const void *a, const void *b) {
    const sum *x = a, *y = b;
    return x->start != y->start ? (x->start < y->start ? -1 : 1) : x->low < y->low ? -1 : x->low > y->low;
}

static void flush(table *t) {
    int used = 0;
    for (int i = 0; i < t->size; i++) if (t->slots[i].n) t->slots[used++] = t->slots[i];
    qsort(t->slots, used, sizeof(sum), by_key);
    for (int i = 0; i < used; i++) {
        sum *s = &t->slots[i];
        int64_t values[] = {s->start, (int64_t)(s->low >> 44), (int64_t)(s->low >> 24 & 0xFFFFF),
                            (int64_t)(s->low >> 4 & 0xFFFFF), (int64_t)(s->low & 15), s->n, s->timed, s->upstream};
        for (int c = 0; c < 8; c++) sqlite3_bind_int64(t->add, c + 1, values[c]);
        step(t->add);
    }
    memset(t->slots, 0, t->size * sizeof(sum));
    t->count = 0;
}

// Rows wait here for their outcomes, until the transaction ends.

typedef struct {
    int64_t seq, ts, session, client, code, decide, wait, upstream, digest, bytes, result_digest, result_bytes, used, retry;
    int actor, tool, verdict, outcome;
    char is_call, stopped, done;
} row;
static row *rows;
static int row_count, row_room;
static sqlite3_stmt *insert_call, *insert_request;
static int64_t lines, calls, requests, left_out;

static void write_row(row *r) {
    sqlite3_stmt *s = r->is_call ? insert_call : insert_request;
    int64_t values[] = {r->seq, r->ts, r->actor, r->tool, r->verdict, r->outcome, r->session, r->client, r->code, r->decide,
                        r->upstream, r->stopped, r->wait, r->digest, r->bytes, r->result_digest, r->result_bytes, r->used,
                        r->retry};
    for (int c = 0; c < (r->is_call ? 19 : 11); c++) bind(s, c + 1, values[c]);
    step(s);
    if (!r->is_call) { requests++; return; }
    calls++;
    uint64_t low = (uint64_t)r->actor << 44 | (uint64_t)r->tool << 24 | (uint64_t)r->verdict << 4 | (uint64_t)r->outcome;
    int64_t timed = r->upstream != NONE, upstream = timed ? r->upstream : 0;
    count(&hours, r->ts / 3600000000, low, 1, timed, upstream);
    count(&days, r->ts / 86400000000, low, 1, timed, upstream);
}

static void commit(int is_last) {
    int kept = 0;
    for (int i = 0; i < row_count; i++) {
        if (rows[i].done || rows[i].stopped || is_last) write_row(&rows[i]);
        else rows[kept++] = rows[i];
    }
    row_count = kept;
    flush(&hours);
    flush(&days);
    run("COMMIT");
    if (!is_last) run("BEGIN");
}

// Lines.

static char *at;
#define SKIP(literal) (!memcmp(at, literal, sizeof literal - 1) && (at += sizeof literal - 1))

static int text(char **start) {
    *start = at;
    char *end = strchr(at, '"');
    if (!end || memchr(at, '\\', end - at)) return -1;
    at = end + 1;
    return (int)(end - *start);
}

static int64_t number(void) {
    int64_t value = 0, sign = *at == '-' ? (at++, -1) : 1;
    while (*at >= '0' && *at <= '9') value = value * 10 + *at++ - '0';
    return sign * value;
}

static int64_t digest(void) {
    uint64_t value = 0;
    for (int i = 0; i < 16; i++, at++) value = value << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    at++;
    return (int64_t)value;
}

static int64_t two(const char *p) { return (p[0] - '0') * 10 + p[1] - '0'; }

static int64_t moment(void) {
    static char day[10];
    static int64_t start;
    if (memcmp(day, at, 10)) {
        struct tm tm = {.tm_year = (int)(two(at) * 100 + two(at + 2)) - 1900, .tm_mon = (int)two(at + 5) - 1,
                        .tm_mday = (int)two(at + 8)};
        start = timegm(&tm) * 1000000;
        memcpy(day, at, 10);
    }
    int64_t seconds = two(at + 11) * 3600 + two(at + 14) * 60 + two(at + 17);
    int64_t value = start + seconds * 1000000 + two(at + 20) * 10000 + two(at + 22) * 100 + two(at + 24);
    at += 28;
    return value;
}

static char key[8192];
static int key_length;
static void add(const char *p, int n) {
    memcpy(key + key_length, p, n);
    key_length += n;
    key[key_length++] = '\x1f';
}

#define TEXT(name, literal) char *name = ""; int name##_n = 0; if (SKIP(literal) && (name##_n = text(&name)) < 0) return 0

static int decision(int64_t seq, int64_t ts) {
    if (row_count == row_room) rows = realloc(rows, (row_room = row_room ? row_room * 2 : 1 << 16) * sizeof(row));
    row *r = &rows[row_count];
    *r = (row){.seq = seq, .ts = ts, .session = NONE, .client = NONE, .code = NONE, .decide = NONE, .wait = NONE,
               .upstream = NONE, .digest = NONE, .bytes = NONE, .result_digest = NONE, .result_bytes = NONE, .used = NONE,
               .retry = NONE};
    TEXT(gateway, ",\"gateway\":\"");
    TEXT(agent, ",\"agent\":\"");
    TEXT(grant, ",\"grant\":\"");
    TEXT(identity, ",\"identity\":\"");
    TEXT(behalf, ",\"on_behalf_of\":\"");
    TEXT(peer, ",\"peer\":\"");
    TEXT(session, ",\"session\":\"");
    TEXT(client, ",\"client\":\"");
    TEXT(server, ",\"server\":\"");
    TEXT(transport, ",\"transport\":\"");
    TEXT(protocol, ",\"protocol\":\"");
    TEXT(method, ",\"method\":\"");
    TEXT(rpc, ",\"rpc_id\":\"");
    TEXT(trace, ",\"trace\":\"");
    TEXT(tool, ",\"tool\":\"");
    TEXT(definition, ",\"tool_digest\":\"");
    SKIP(",\"unlisted\":true");
    TEXT(risk, ",\"risk\":\"");
    if (SKIP(",\"arg_keys\":[") && !(at = strchr(at, ']') + 1)) return 0;
    if (SKIP(",\"arg_keys_other\":")) number();
    if (SKIP(",\"arg_digest\":\"")) r->digest = digest();
    if (SKIP(",\"arg_bytes\":")) r->bytes = number();
    if (memcmp(at, ",\"decision\":\"", 13)) return 0;
    char *verdict = at + 13;
    TEXT(decided, ",\"decision\":\"");
    TEXT(mode, ",\"mode\":\"");
    TEXT(reason, ",\"reason\":\"");
    TEXT(rule, ",\"rule\":\"");
    TEXT(message, ",\"message\":\"");
    TEXT(policy, ",\"policy\":\"");
    TEXT(version, ",\"policy_digest\":\"");
    TEXT(counter, ",\"limit_counter\":\"");
    if (SKIP(",\"limit_window_s\":")) number();
    if (SKIP(",\"limit_max\":")) number();
    char *verdict_end = at;
    if (SKIP(",\"limit_used\":")) r->used = number();
    if (SKIP(",\"retry_after_ms\":")) r->retry = number();
    if (SKIP(",\"cost\":")) number();
    TEXT(facts, ",\"facts\":\"");
    TEXT(round, ",\"round\":\"");
    if (SKIP(",\"decide_us\":")) r->decide = number();
    if (*at != '}' || key_length) return 0;
    r->is_call = method_n == 10 && !memcmp(method, "tools/call", 10);
    r->stopped = mode_n == 7 && !memcmp(mode, "enforce", 7) && decided[0] != 'a';
    add(agent, agent_n), add(grant, grant_n), add(identity, identity_n);
    r->actor = intern(&actors, key, key_length);
    key_length = 0;
    add(server, server_n), add(tool, tool_n), add(method, method_n), add(risk, risk_n);
    r->tool = intern(&tools, key, key_length);
    key_length = 0;
    r->verdict = intern(&verdicts, verdict, (int)(verdict_end - verdict));
    if (session_n) r->session = intern(&sessions, session, session_n);
    if (client_n) r->client = intern(&clients, client, client_n);
    row_count++;
    return 1;
}

static int outcome(void) {
    int64_t of = number();
    int low = 0, high = row_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (rows[middle].seq < of) low = middle + 1; else high = middle;
    }
    if (low == row_count || rows[low].seq != of) return 0;
    row *r = &rows[low];
    TEXT(agent, ",\"agent\":\"");
    TEXT(server, ",\"server\":\"");
    TEXT(tool, ",\"tool\":\"");
    TEXT(method, ",\"method\":\"");
    TEXT(ending, ",\"outcome\":\"");
    r->outcome = intern(&outcomes, ending, ending_n);
    if (SKIP(",\"code\":")) r->code = number();
    TEXT(reservation, ",\"reservation\":\"");
    if (SKIP(",\"wait_us\":")) r->wait = number();
    if (SKIP(",\"upstream_us\":")) r->upstream = number();
    if (SKIP(",\"gateway_us\":")) number();
    if (SKIP(",\"result_bytes\":")) r->result_bytes = number();
    if (SKIP(",\"result_digest\":\"")) r->result_digest = digest();
    r->done = 1;
    return *at == '}';
}

static void line(char *start) {
    at = start;
    lines++;
    int taken = 0;
    if (SKIP("{\"v\":1,\"seq\":")) {
        int64_t seq = number();
        if (SKIP(",\"ts\":\"")) {
            int64_t ts = moment();
            if (SKIP(",\"kind\":\"decision\"")) taken = decision(seq, ts);
            else if (SKIP(",\"kind\":\"outcome\",\"of\":")) taken = outcome();
        }
    }
    if (!taken) left_out++;
    if (lines % TRANSACTION == 0) commit(0);
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: load DATABASE SEGMENT...\n"), 2;
    if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)) die("open");
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;"
        "PRAGMA wal_autocheckpoint = 4096;"
        "CREATE TABLE call (id INTEGER PRIMARY KEY, ts, actor, tool, verdict, outcome, session, client, code, decide_us,"
        " upstream_us, stopped, wait_us, arg_digest, arg_bytes, result_digest, result_bytes, limit_used, retry_after_ms);"
        "CREATE INDEX call_stopped ON call (ts) WHERE stopped = 1;"
        "CREATE TABLE request (id INTEGER PRIMARY KEY, ts, actor, tool, verdict, outcome, session, client, code, decide_us,"
        " upstream_us);"
        "CREATE TABLE rollup_hour (start, actor, tool, verdict, outcome, n, timed, upstream_us,"
        " PRIMARY KEY (start, actor, tool, verdict, outcome)) WITHOUT ROWID;"
        "CREATE TABLE rollup_day (start, actor, tool, verdict, outcome, n, timed, upstream_us,"
        " PRIMARY KEY (start, actor, tool, verdict, outcome)) WITHOUT ROWID; BEGIN");
    insert_call = prepare("INSERT INTO call VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    insert_request = prepare("INSERT INTO request VALUES (?,?,?,?,?,?,?,?,?,?,?)");
    const char *upsert = " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n,"
                         " timed = timed + excluded.timed, upstream_us = upstream_us + excluded.upstream_us";
    char sql[512];
    snprintf(sql, sizeof sql, "INSERT INTO rollup_hour%s", upsert);
    hours.add = prepare(sql);
    snprintf(sql, sizeof sql, "INSERT INTO rollup_day%s", upsert);
    days.add = prepare(sql);
    size_t room = 1 << 20, held = 0;
    char *buffer = malloc(room + 64);
    for (int i = 2; i < argc; i++) {
        gzFile file = gzopen(argv[i], "rb");
        if (!file) die(argv[i]);
        gzbuffer(file, 1 << 18);
        int got;
        while ((got = gzread(file, buffer + held, (unsigned)(room - held))) > 0) {
            char *p = buffer, *end = buffer + held + got, *stop;
            for (; (stop = memchr(p, '\n', end - p)); p = stop + 1) {
                *stop = 0;
                line(p);
            }
            held = end - p;
            memmove(buffer, p, held);
        }
        if (got < 0) die(argv[i]);
        gzclose(file);
    }
    commit(1);
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_close(db);
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    printf("{\"cpu_s\": %.3f, \"records\": %lld, \"calls\": %lld, \"requests\": %lld, \"left_out\": %lld}\n",
           spent.tv_sec + spent.tv_nsec / 1e9, (long long)lines, (long long)calls, (long long)requests, (long long)left_out);
}
