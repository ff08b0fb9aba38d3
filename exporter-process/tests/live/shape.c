/* A process of a chosen shape: it does what its arguments say, one after another. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
/* Through it, threads and children say that they have their names. */
static int named[2];

static void burn(int ms) {
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    double until = used.tv_sec + used.tv_nsec / 1e9 + ms / 1e3;
    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    } while (used.tv_sec + used.tv_nsec / 1e9 < until);
}

static void nap(void) {
    struct timespec time = {.tv_nsec = 10 * 1000 * 1000};
    nanosleep(&time, NULL);
}

static void take_name(const char *name) {
    prctl(PR_SET_NAME, name);
    if (write(named[1], "", 1) != 1)
        exit(1);
}

static void await_name(void) {
    char byte;
    if (read(named[0], &byte, 1) != 1)
        exit(1);
}

static void *work(void *name) {
    take_name(name);
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    for (;;) {
        burn(1);
        nap();
    }
    return NULL;
}

/* Writes to the disk and reads from it, again and again. */
static void write_on(const char *path) {
    char block[4096] = "";
    int file = open(path, O_CREAT | O_RDWR, 0600);
    while (pwrite(file, block, sizeof block, 0) == sizeof block && fsync(file) == 0) {
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        if (pread(file, block, sizeof block, 0) != sizeof block)
            break;
        nap();
    }
    perror(path);
    exit(1);
}

static void fork_one(const char *name, int ends) {
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        take_name(name);
        while (!ends)
            pause();
        _exit(0);
    }
    await_name();
    siginfo_t info;
    if (ends)
        waitid(P_PID, child, &info, WEXITED | WNOWAIT);
}

static void say(const char *word) {
    puts(word);
    fflush(stdout);
}

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_mutex_lock(&gate);
    if (pipe(named) != 0)
        return 1;
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        size_t length = value ? (size_t)(value++ - argv[i]) : strlen(argv[i]);
        int number = value ? atoi(value) : 0;
#define IS(word) (length == strlen(word) && !strncmp(argv[i], word, length))
        if (IS("files")) {
            while (number-- > 0)
                open("/dev/null", O_RDONLY);
        } else if (IS("thread")) {
            pthread_t thread;
            pthread_create(&thread, NULL, work, value);
            await_name();
        } else if (IS("child")) {
            fork_one(value, 0);
        } else if (IS("zombie")) {
            fork_one(value, 1);
        } else if (IS("gate")) { /* stands still until its standard input is closed */
            say("ready");
            while (getchar() != EOF)
                ;
            pthread_mutex_unlock(&gate);
        } else if (IS("burn")) {
            burn(number);
        } else if (IS("done")) {
            say("done");
        } else if (IS("write")) {
            write_on(value);
        } /* any other word is there for the rules that look at it */
    }
    for (;;)
        pause();
}
