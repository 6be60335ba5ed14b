/** Secrets: which names are refused, and which are not. */

import { expect, test } from 'vitest';
import { isSecretFile } from './secrets.ts';

test.each([
  '.env',
  '.env.local',
  '.envrc',
  '.env-staging',
  'prod.env',
  'server.PEM',
  'id_rsa',
  'secrets.yaml',
  '.npmrc',
  'tls.key',
])('%s is secret', (name) => expect(isSecretFile(`file:///home/me/${name}`)).toBe(true));

test.each(['/home/C#/app/.env', 'c:/C#/app/.env', 'prod#1.env', '#.env#', '.env~'])(
  '%s is, as a path',
  (path) => expect(isSecretFile(path)).toBe(true),
);

test.each(['env.ts', 'environment.ts', 'keys.ts', 'secret-santa.py', 'pem.ts', 'credentials-form.tsx'])(
  '%s is not',
  (name) => expect(isSecretFile(`file:///home/me/${name}`)).toBe(false),
);
