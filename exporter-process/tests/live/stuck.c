/* A process whose memory nobody can look at as long as reads of a file are not answered. One thread
 * reads the file's page through /proc/self/mem: the kernel holds the lock of the process's memory
 * meanwhile. The other one wants that lock for itself, and whoever comes after it waits behind it. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void *page;
static atomic_int is_answered;

static void *look(void *unused) {
    char byte;
    int memory = open("/proc/self/mem", O_RDONLY);
    ssize_t got = pread(memory, &byte, 1, (off_t)page);
    is_answered = 1;
    return got == 1 ? page : unused;
}

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct stat size;
    int file = open(argc > 1 ? argv[1] : "", O_RDONLY);
    if (file < 0 || fstat(file, &size) != 0)
        return 1;
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    pthread_t thread;
    if (page == MAP_FAILED || pthread_create(&thread, NULL, look, NULL) != 0)
        return 1;
    while (!is_answered)
        munmap(mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
    for (;;)
        pause();
}
