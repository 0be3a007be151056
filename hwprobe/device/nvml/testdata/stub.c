// A libnvidia-ml.so.1 for the tests. STUB says what goes wrong in it; GPUS is the table of
// devices, which the test writes from the golden data.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct gpu { const char *name, *bus; unsigned long long memory; int major, minor, mig; };
static const struct gpu gpus[] = { GPUS };
static const unsigned count = sizeof gpus / sizeof *gpus;

int nvmlInit_v2(void) {
	puts("a library that talks"); // vendors' do
	fflush(stdout);
#if defined(CRASHES)
	raise(SIGSEGV);
#elif defined(EXITS)
	_exit(127); // as the loader does over a missing symbol
#elif defined(HANGS)
	for (;;) pause();
#elif defined(MISMATCH)
	return 18;
#elif defined(NOT_LOADED)
	return 9;
#endif
	return 0;
}

int nvmlDeviceGetCount_v2(unsigned *n) { *n = count; return 0; }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **gpu) {
#if defined(LOST)
	if (index == 1) return 15;
#endif
	if (index >= count) return 2;
	*gpu = (void *)&gpus[index];
	return 0;
}

static int put(const char *from, char *to, unsigned room) {
	if (strlen(from) >= room) return 7;
	strcpy(to, from);
	return 0;
}

int nvmlDeviceGetName(void *g, char *text, unsigned room) { return put(((const struct gpu *)g)->name, text, room); }

#if !defined(OLD) // an old library has none of these
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned room) { return put(DRIVER, text, room); }
int nvmlSystemGetNVMLVersion(char *text, unsigned room) { return put(LIBRARY, text, room); }
int nvmlSystemGetCudaDriverVersion_v2(int *n) { *n = CUDA; return 0; }

struct memory { unsigned long long total, free, used; };
int nvmlDeviceGetMemoryInfo(void *g, struct memory *m) { m->total = m->free = ((const struct gpu *)g)->memory; m->used = 0; return 0; }

struct pci { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; };
int nvmlDeviceGetPciInfo_v3(void *g, struct pci *p) {
	memset(p, 0, sizeof *p);
	snprintf(p->bus_id, sizeof p->bus_id, "0000%s", ((const struct gpu *)g)->bus); // eight digits of domain
	return 0;
}

int nvmlDeviceGetCudaComputeCapability(void *g, int *major, int *minor) {
	*major = ((const struct gpu *)g)->major;
	*minor = ((const struct gpu *)g)->minor;
	return 0;
}
int nvmlDeviceGetMigMode(void *g, unsigned *now, unsigned *next) { *now = *next = ((const struct gpu *)g)->mig; return 0; }

int nvmlDeviceGetPowerUsage(void *g, unsigned *mw) { static unsigned n; (void)g; *mw = 61000 + n++; return 0; }
int nvmlDeviceGetEnforcedPowerLimit(void *g, unsigned *mw) { (void)g; *mw = 400000; return 0; }
int nvmlDeviceGetTotalEnergyConsumption(void *g, unsigned long long *mj) { (void)g; *mj = 1ull << 40; return 0; }
int nvmlDeviceGetTemperature(void *g, unsigned sensor, unsigned *celsius) { (void)g; *celsius = 31; return sensor == 0 ? 0 : 2; }
int nvmlDeviceGetCurrentClocksThrottleReasons(void *g, unsigned long long *bits) { (void)g; *bits = 0x1 | 0x4 | 0x40; return 0; }
#endif
