/** Text as one word of YAML: plain where YAML reads it as itself, quoted otherwise. */
export function yamlWord(text: string): string {
  return /^[A-Za-z_/.][A-Za-z0-9_/.-]*$/.test(text) && !/^null$/i.test(text) ? text : JSON.stringify(text)
}
