import { type Finding, RULES } from './finding.ts'

/** The findings as SARIF 2.1.0, for code scanning. Columns count UTF-16 units, as they do here. */
export function sarif(findings: readonly Finding[], version: string): unknown {
  const ids = Object.keys(RULES)
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        columnKind: 'utf16CodeUnits',
        tool: {
          driver: {
            name: 'tazpod castle lint',
            version,
            rules: Object.entries(RULES).map(([id, text]) => ({ id, shortDescription: { text } })),
          },
        },
        results: findings.map((one) => ({
          ruleId: one.rule,
          ruleIndex: ids.indexOf(one.rule),
          level: one.severity,
          message: { text: `${one.message}: ${one.help}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: one.file.split('/').map(encodeURIComponent).join('/') },
                region: {
                  startLine: one.line,
                  startColumn: one.column,
                  endLine: Math.max(one.endLine, one.line),
                  endColumn: one.endLine > one.line ? one.endColumn : Math.max(one.endColumn, one.column),
                },
              },
            },
          ],
        })),
      },
    ],
  }
}
