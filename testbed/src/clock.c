/* Preloaded into a program, this adds to the time of day that it is told what stands in the file CLOCK_SHIFT names: a
 * number of seconds, eight bytes, which may change at any moment. Clocks that only measure how time passes stay as they are. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift;

__attribute__((constructor)) static void find_shift(void) {
    const char *name = getenv("CLOCK_SHIFT");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *at = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED)
        shift = at;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int outcome = (int)syscall(SYS_clock_gettime, clock, now);
    if (outcome == 0 && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *shift;
    return outcome;
}

struct day_time {
    time_t seconds;
    suseconds_t micros;
};

int gettimeofday(struct day_time *now, void *zone) {
    struct timespec exact;
    (void)zone;
    int outcome = clock_gettime(CLOCK_REALTIME, &exact);
    now->seconds = exact.tv_sec;
    now->micros = exact.tv_nsec / 1000;
    return outcome;
}

time_t time(time_t *now) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now)
        *now = exact.tv_sec;
    return exact.tv_sec;
}
