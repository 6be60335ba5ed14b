/** isSecretFile: files that by their names hold passwords or keys; they never enter a prompt. */

/** Names as tools and people use them; a wrong yes costs a suggestion, a wrong no shows a secret to a model. */
const secretNames: readonly RegExp[] = [
  /^\.env/, // .env, .env.local, .env-staging; .envrc
  /\.env$/, // production.env
  /^\.(npmrc|pypirc|netrc|pgpass|htpasswd|git-credentials)$/,
  /^id_(rsa|dsa|ecdsa|ed25519)(\..*)?$/,
  /\.(pem|key|p12|pfx|jks|keystore|kdbx|asc|gpg|ppk|crt|cer|der)$/,
  /^(secrets?|credentials?)(\..*)?$/,
];

/** By the last part of a URI's path, or of a path; letter case does not matter, nor an editor's mark of a copy. */
export function isSecretFile(uri: string): boolean {
  const isUri = /^[a-z][\w+.-]+:/i.test(uri); // two letters at least: one is a drive
  const path = isUri ? uri.replace(/[?#].*$/, '') : uri; // in a path they are letters like others: `C#/.env`
  const name = (path.split('/').at(-1) ?? '').toLowerCase().replace(/^#|[#~]$/g, '');
  return secretNames.some((pattern) => pattern.test(name));
}
