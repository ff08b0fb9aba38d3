/* The cheapest reader of proc: lists it, then opens, reads and closes one file of each process.
 *
 * bare_proc PASSES: prints the CPU time of a pass, the least of all, in nanoseconds.
 * bare_proc -s N:   instead, makes N children that sleep, says "ready", and sleeps with them.
 * bare_proc -c N:   instead, makes N children one after the other, each of which ends at once.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long cpu_ns(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1000000000LL + used.tv_nsec;
}

static int read_pass(void) {
    static char content[4096];
    char path[300];
    int found = 0;
    DIR *proc = opendir("/proc");
    if (!proc)
        return -1;
    for (struct dirent *entry; (entry = readdir(proc));) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof path, "%s/stat", entry->d_name);
        int file = openat(dirfd(proc), path, O_RDONLY | O_CLOEXEC);
        if (file < 0)
            continue;
        found += read(file, content, sizeof content) > 0;
        close(file);
    }
    closedir(proc);
    return found;
}

static int sleepers(int count) {
    for (int n = 0; n < count; n++) {
        pid_t child = fork();
        if (child < 0) {
            perror("fork");
            return 1;
        }
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, 9);
            prctl(PR_SET_NAME, "sleeper");
            for (;;)
                pause();
        }
    }
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}

static int churn(int count) {
    for (int n = 0; n < count; n++) {
        pid_t child = vfork();
        if (child == 0)
            _exit(0);
        if (child < 0 || waitpid(child, NULL, 0) != child) {
            perror("churn");
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "-s") == 0)
        return sleepers(atoi(argv[2]));
    if (argc == 3 && strcmp(argv[1], "-c") == 0)
        return churn(atoi(argv[2]));
    long long least = -1;
    for (int pass = argc > 1 ? atoi(argv[1]) : 5; pass > 0; pass--) {
        long long before = cpu_ns();
        if (read_pass() <= 0)
            return 1;
        long long used = cpu_ns() - before;
        if (least < 0 || used < least)
            least = used;
    }
    printf("%lld\n", least);
    return 0;
}
