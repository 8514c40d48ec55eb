/** What a person types to give further keys to `migrate sops`. */
export const GIVE_KEYS =
  'SOPS_AGE_KEY_FILE=KEYS tazpod migrate sops --apply   (or keep the key as SOPS_AGE_KEY)'
