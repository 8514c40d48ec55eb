/** A value or a saved file; what a launch set can carry. */
export const MAX_VALUE = 1_048_576
/** vault.age as a file; its clear text stays below by the age overhead. */
export const MAX_VAULT = 67_108_864
