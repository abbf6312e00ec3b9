#ifndef CALLBOX_STDLIB_H
#define CALLBOX_STDLIB_H
#include <stddef.h>
void *malloc(size_t size);
void free(void *pointer);
#define abort() __builtin_trap()
#endif
