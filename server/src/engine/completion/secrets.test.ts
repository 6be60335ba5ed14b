/** Secrets: which names are refused, and which are not. */

import { expect, test } from 'vitest';
import { isSecretFile } from './secrets.ts';

test.each(['.env', '.env.local', 'prod.env', 'server.PEM', 'id_rsa', 'secrets.yaml', '.npmrc', 'tls.key'])(
  '%s is secret',
  (name) => expect(isSecretFile(`file:///home/me/${name}`)).toBe(true),
);

test.each(['env.ts', 'environment.ts', 'keys.ts', 'secret-santa.py', 'pem.ts', 'credentials-form.tsx'])(
  '%s is not',
  (name) => expect(isSecretFile(`file:///home/me/${name}`)).toBe(false),
);
