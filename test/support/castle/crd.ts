/**
 * A CRD of External Secrets as `kubectl get crd -o yaml` prints it, with the Infisical provider's fields of a version:
 * made from the table in the guide, not a copy of the project's files.
 */
export function esoCrd(options: {
  served: ('v1beta1' | 'v1')[]
  all?: ('v1beta1' | 'v1')[]
  scope?: string[]
}): string {
  const { served, all = served, scope = [] } = options
  const crd = (kind: string) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.toLowerCase()}s.external-secrets.io` },
    spec: {
      group: 'external-secrets.io',
      names: { kind },
      versions: all.map((name) => ({
        name,
        served: served.includes(name),
        storage: true,
        schema: { openAPIV3Schema: kind === 'ExternalSecret' ? EXTERNAL_SECRET : store(scope) },
      })),
    },
  })
  return ['ClusterSecretStore', 'SecretStore', 'ExternalSecret']
    .map((kind) => JSON.stringify(crd(kind)))
    .join('\n---\n')
}

const text = { type: 'string' }
const selector = {
  type: 'object',
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 253 },
    key: { type: 'string', pattern: '^[-._a-zA-Z0-9]+$', minLength: 1 },
    namespace: { type: 'string', maxLength: 63 },
  },
}
const credentials = {
  type: 'object',
  required: ['clientId', 'clientSecret'],
  properties: { clientId: selector, clientSecret: selector },
}

function store(scope: string[]): object {
  const extra = Object.fromEntries(
    scope.map((name) => [name, name === 'organizationSlug' ? text : { type: 'boolean', default: false }]),
  )
  return {
    type: 'object',
    properties: {
      apiVersion: text,
      kind: text,
      metadata: { type: 'object' },
      status: { type: 'object', properties: {} },
      spec: {
        type: 'object',
        required: ['provider'],
        properties: {
          conditions: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                namespaces: { type: 'array', items: { type: 'string', maxLength: 63, minLength: 1 } },
              },
            },
          },
          controller: text,
          provider: {
            type: 'object',
            minProperties: 1,
            maxProperties: 1,
            properties: {
              infisical: {
                type: 'object',
                required: ['auth', 'secretsScope'],
                properties: {
                  auth: { type: 'object', properties: { universalAuthCredentials: credentials } },
                  hostAPI: { type: 'string', default: 'https://app.infisical.com/api' },
                  secretsScope: {
                    type: 'object',
                    required: ['environmentSlug', 'projectSlug'],
                    properties: { environmentSlug: text, projectSlug: text, secretsPath: text, ...extra },
                  },
                },
              },
            },
          },
        },
      },
    },
  }
}

const EXTERNAL_SECRET = {
  type: 'object',
  properties: {
    apiVersion: text,
    kind: text,
    metadata: { type: 'object' },
    spec: {
      type: 'object',
      properties: {
        refreshInterval: text,
        secretStoreRef: {
          type: 'object',
          properties: { name: text, kind: { type: 'string', enum: ['SecretStore', 'ClusterSecretStore'] } },
        },
        target: { type: 'object', properties: { name: text, creationPolicy: text } },
        data: {
          type: 'array',
          items: {
            type: 'object',
            required: ['secretKey', 'remoteRef'],
            properties: {
              secretKey: text,
              remoteRef: { type: 'object', required: ['key'], properties: { key: text, property: text } },
            },
          },
        },
      },
    },
  },
}
