/* Processes with names as they are told.
 *
 * With COMM in its environment it takes that name. Otherwise it is so many processes as its argument
 * says, which all take new names at each line on its standard input, and end with it. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_barrier_t barrier;
    long next;
};

static void say(const char *word) {
    puts(word);
    fflush(stdout);
}

static void rename_always(struct shared *shared, long number) {
    char name[16];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        pthread_barrier_wait(&shared->barrier);
        snprintf(name, sizeof name, "n%ld", shared->next + number);
        prctl(PR_SET_NAME, name);
        pthread_barrier_wait(&shared->barrier);
    }
}

static int crowd(long count) {
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t among_processes;
    pthread_barrierattr_init(&among_processes);
    pthread_barrierattr_setpshared(&among_processes, PTHREAD_PROCESS_SHARED);
    if (shared == MAP_FAILED || pthread_barrier_init(&shared->barrier, &among_processes, count + 1))
        return 1;
    pid_t *children = calloc(count, sizeof *children);
    for (long number = 0; children && number < count; number++) {
        children[number] = fork();
        if (children[number] < 0)
            return 1;
        if (children[number] == 0)
            rename_always(shared, number);
    }
    say("ready");
    while (getchar() != EOF) {
        pthread_barrier_wait(&shared->barrier);
        pthread_barrier_wait(&shared->barrier);
        shared->next += count;
        say("renamed");
    }
    /* So that no zombie of theirs waits for whoever inherits it. */
    for (long number = 0; children && number < count; number++) {
        kill(children[number], SIGKILL);
        waitpid(children[number], NULL, 0);
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *name = getenv("COMM");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!name)
        return crowd(argc > 1 ? atol(argv[1]) : 0);
    prctl(PR_SET_NAME, name);
    say("ready");
    for (;;)
        pause();
}
