/* Every verb that runs without Node, in one table: its name and its main(). Each takes the arguments behind its name and
 * returns the exit code. PROTOCOL.md says what the `ghost` ones do. */
#ifndef TAZPOD_VERBS_H
#define TAZPOD_VERBS_H

/* For people; what they don't know (--help, a wrong flag) they leave to Node. */
#define VERBS(VERB) \
	VERB(exec) \
	VERB(lock) \
	VERB(shell) \
	VERB(status)

/* Not for people: what Node and the holder's start-up call. */
#define GHOST_VERBS(VERB) \
	VERB(lend) \
	VERB(flock) \
	VERB(get) \
	VERB(hold) \
	VERB(keep) \
	VERB(monitor) \
	VERB(names) \
	VERB(prove) \
	VERB(put) \
	VERB(renew) \
	VERB(sentinel) \
	VERB(session) \
	VERB(watch) \
	VERB(where)

#define DECLARE_VERB(name) int verb_##name(int argc, char **argv);
VERBS(DECLARE_VERB)
GHOST_VERBS(DECLARE_VERB)
#undef DECLARE_VERB

#endif
