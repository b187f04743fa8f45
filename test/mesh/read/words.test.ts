import { expect, test } from 'vitest';
import { Words } from '../../../src/mesh/read/words.ts';

test('gives words and numbers between any blanks, the rest of lines, and the bytes that are left', () => {
  const words = new Words(Buffer.from('one  2.5e1\t-3\r\nname of it \n\n x'));
  expect(words.next()).toBe('one');
  expect(words.number()).toBe(25);
  expect(words.number()).toBe(-3);
  expect(words.next()).toBe('name');
  expect(words.line()).toBe(' of it ');
  expect(words.left).toBe(4);
  expect(words.number()).toBeNaN();
  expect(words.next()).toBe('');
  expect(words.number()).toBeNaN();
  expect(words.left).toBe(0);
});

test('begins where it is told, within a view of a larger buffer', () => {
  const whole = Buffer.from('aa bb cc dd');
  expect(new Words(whole.subarray(3, 8), 2).next()).toBe('cc');
});

test('cuts what is too long to be a word or a name', () => {
  const words = new Words(Buffer.from(`${'1'.repeat(1024)} ${'1'.repeat(1025)} ${'x'.repeat(5000)}\n7`));
  expect(words.number()).not.toBeNaN();
  expect(words.number()).toBeNaN();
  expect(words.line()).toHaveLength(1024);
  expect(words.number()).toBe(7);
});
