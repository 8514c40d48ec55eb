/** Scripts that have letters like those of another one (Unicode TR 39, confusables). */
const SCRIPTS = ['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Cherokee', 'Coptic', 'Lisu', 'Georgian'] as const
const OF_SCRIPT = SCRIPTS.map((name) => [name, new RegExp(`\\p{Script=${name}}`, 'u')] as const)

/**
 * Why a name may not be what a person reads: letters of two scripts that look alike (`t`, a Cyrillic `е`, `rraform`),
 * or a character that shows nothing. It completes "X …" and writes the character as its code point. Undefined: nothing.
 */
export function lookalikeProblem(name: string): string | undefined {
  const hidden = /[\p{Default_Ignorable_Code_Point}\p{Cf}]|(?! )\p{Zs}/u.exec(name)?.[0]
  if (hidden !== undefined) return `has the invisible character ${codePoint(hidden)}`
  const letters = [...name].flatMap((letter) => {
    const script = OF_SCRIPT.find(([, pattern]) => pattern.test(letter))?.[0]
    return script === undefined ? [] : [{ letter, script }]
  })
  const main = letters.some(({ script }) => script === 'Latin') ? 'Latin' : letters[0]?.script
  const other = letters.find(({ script }) => script !== main)
  if (other === undefined) return undefined
  return `has letters of two scripts: ${codePoint(other.letter)} is ${other.script}, others are ${main}`
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
