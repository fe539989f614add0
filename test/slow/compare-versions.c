/*
 * dpkg's own comparison without a process for each pair: reads "A B" lines, writes "<", "=" or ">".
 * Links the library that dpkg is made of (libdpkg-dev).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dpkg/dpkg.h>
#include <dpkg/dpkg-db.h>

static bool parse(struct dpkg_version *version, const char *text)
{
	struct dpkg_error error = DPKG_ERROR_INIT;

	if (parseversion(version, text, &error) == 0)
		return true;
	fprintf(stderr, "dpkg refuses %s: %s\n", text, error.str);
	return false;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		struct dpkg_version a, b;
		char *second;
		int order;

		line[strcspn(line, "\n")] = '\0';
		second = strchr(line, ' ');
		if (second == NULL)
			return 2;
		*second++ = '\0';
		if (!parse(&a, line) || !parse(&b, second))
			return 2;
		order = dpkg_version_compare(&a, &b);
		puts(order < 0 ? "<" : order > 0 ? ">" : "=");
	}
	return 0;
}
