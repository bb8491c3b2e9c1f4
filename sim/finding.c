/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/finding.h"

void sim_found(struct sim_finding *finding, const char *fmt, ...)
{
	va_list args;

	if (finding->nr++)
		return;
	va_start(args, fmt);
	vsnprintf(finding->first, sizeof(finding->first), fmt, args);
	va_end(args);
}

void sim_append(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strnlen(buf, size);
	va_list args;

	if (len == size)
		return;
	va_start(args, fmt);
	vsnprintf(buf + len, size - len, fmt, args);
	va_end(args);
}
