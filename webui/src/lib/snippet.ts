/** A curl command that sends a body to the proxy as a client would; for a POSIX shell. */
export function curl(base: string, body: string, beta = ''): string {
  const quote = (s: string): string => `'${s.replaceAll("'", `'\\''`)}'`
  return [`curl -N ${quote(base + '/v1/messages')}`, `-H "x-api-key: $PROXY_ACCESS_KEY"`, `-H 'anthropic-version: 2023-06-01'`, `-H 'content-type: application/json'`, ...(beta ? [`-H ${quote('anthropic-beta: ' + beta)}`] : []), `-d ${quote(body)}`].join(' \\\n  ')
}
