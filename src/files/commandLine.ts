/** Command lines as text that a shell takes: on pages, so that what they show can be made again. */

/** A word as a shell takes it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The command line of these words as they were given, but for what only changes what is printed, and for words that are told by others. */
export function commandLine(argv: readonly string[], told: ReadonlyMap<string, string> = new Map()): string {
  const words = argv
    .filter((word) => word !== '--json' && word !== '--quiet')
    .map((word) => {
      const [, flag = '', value = word] = /^(--[\w-]+=)(.*)$/s.exec(word) ?? [];
      return `${flag}${told.get(value) ?? value}`;
    });
  return ['cranioflow', ...words].map(quoted).join(' ');
}
