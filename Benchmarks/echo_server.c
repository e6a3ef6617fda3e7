/* A stdio MCP server that does next to nothing: it answers each line that has an id. So what is measured is the way to
   it, not it. Reads ids of the form "id":<digits>. Build: cc -O2 -o echo_server echo_server.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    size_t capacity = 0;
    char *line = NULL;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        char *id = strstr(line, "\"id\":");
        if (!id) continue;
        printf("{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"ok\"}],"
               "\"isError\":false}}\n", strtol(id + 5, NULL, 10));
        fflush(stdout);
    }
    free(line);
    return 0;
}
