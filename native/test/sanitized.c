/* Part of the sanitized program only. The holder starts with an empty environment and /dev/null as its stderr: where
 * its sanitizer reports to is compiled in. Leaks are not looked for: that needs a process that may be traced. */
#ifndef SANITIZER_LOG
#define SANITIZER_LOG "/tmp/tazpod-sanitizer"
#endif

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:exitcode=99:log_path=" SANITIZER_LOG;
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:exitcode=99:log_path=" SANITIZER_LOG;
}
