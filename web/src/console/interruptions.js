/** When somebody was interrupted, in milliseconds: as soon as the other began to speak. The turn itself ends later, once it
 * is clear that those were words. */
export function interruptions(turns) {
  return turns.flatMap((turn, i) => {
    if (!turn.interrupted) return [];
    const other = turns.slice(i + 1).find(({ speaker }) => speaker !== turn.speaker);
    return [Math.max(turn.began_ms, Math.min(turn.ended_ms, other?.began_ms ?? turn.ended_ms))];
  });
}
