/* A tool that uses so many milliseconds of CPU time and ends. */
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
    double wanted = argc > 1 ? atof(argv[1]) / 1000 : 0;
    struct timespec used;
    do {
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    } while (used.tv_sec + used.tv_nsec / 1e9 < wanted);
    return 0;
}
