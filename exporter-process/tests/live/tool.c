/* A tool that uses so many milliseconds of CPU time and ends; without a number it idles. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 2)
        return pause();
    double wanted = atof(argv[1]) / 1000;
    struct timespec used;
    do {
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    } while (used.tv_sec + used.tv_nsec / 1e9 < wanted);
    return 0;
}
