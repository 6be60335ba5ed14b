/** roundsOf: in which order sessions are played, and how far, so that a run sees its own noise. */

import type { SessionEvent } from '../../../protocol/session.ts';

type Session = readonly SessionEvent[];

/** One session in one round. */
export interface Play {
  readonly session: Session;
  /** Which of the sessions. */
  readonly at: number;
  readonly round: number;
  readonly nQuestion: number;
}

/**
 * All sessions are played once, then all once more: what the machine did besides in the first minute it
 * does not do in the second, and only by asking again can a run know how much a second run may differ.
 */
const maxRounds = 3;

/** About `nQuestion` questions, at least one in each session that is played. */
export function roundsOf(sessions: readonly Session[], nQuestion: number): Play[] {
  const played = sessions.slice(0, nQuestion);
  const nRound = Math.min(maxRounds, Math.floor(nQuestion / played.length));
  const perPlay = Math.ceil(nQuestion / (nRound * played.length));
  return Array.from({ length: nRound }, (_, round) =>
    played.map((session, at) => ({ session, at, round, nQuestion: perPlay })),
  ).flat();
}

/** The first session of every language: whoever serves it is started by its first question. */
export function warmUpOf(sessions: readonly Session[]): Session[] {
  const byLanguage = new Map<string, Session>();
  for (const session of sessions) {
    const [open] = session;
    if (open?.kind === 'open' && !byLanguage.has(open.languageId)) byLanguage.set(open.languageId, session);
  }
  return [...byLanguage.values()];
}
