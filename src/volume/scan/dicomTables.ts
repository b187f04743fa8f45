/**
 * The words of DICOM that may leave a header: closed lists (PS3.3 and PS3.6). A value that is in none of them is free
 * text, whoever wrote it, and goes no further.
 */

export interface Syntax {
  /** As facts and messages name it. */
  name: string;
  bigEndian?: true;
  deflated?: true;
  /** The pixels are a stream of another format. */
  compressed?: true;
}

/** The transfer syntaxes that are read. */
export const SYNTAXES: Readonly<Record<string, Syntax>> = {
  '1.2.840.10008.1.2': { name: 'implicit little endian' },
  '1.2.840.10008.1.2.1': { name: 'explicit little endian' },
  '1.2.840.10008.1.2.1.99': { name: 'deflated explicit little endian', deflated: true },
  '1.2.840.10008.1.2.2': { name: 'explicit big endian', bigEndian: true },
  '1.2.840.10008.1.2.4.57': { name: 'JPEG lossless', compressed: true },
  '1.2.840.10008.1.2.4.70': { name: 'JPEG lossless, first order', compressed: true },
  '1.2.840.10008.1.2.4.80': { name: 'JPEG-LS lossless', compressed: true },
  '1.2.840.10008.1.2.4.81': { name: 'JPEG-LS near-lossless', compressed: true },
  '1.2.840.10008.1.2.4.90': { name: 'JPEG 2000 lossless', compressed: true },
  '1.2.840.10008.1.2.4.91': { name: 'JPEG 2000', compressed: true },
  '1.2.840.10008.1.2.5': { name: 'RLE', compressed: true },
};

export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2';
export const ENHANCED_CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2.1';
/** Secondary capture and its multi-frame forms. */
export const SECONDARY_CAPTURE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.|$)/;
/** A DICOMDIR: the table of contents of a disc, no image. */
export const MEDIA_DIRECTORY = '1.2.840.10008.1.3.10';

/** Modalities that messages may name. */
export const MODALITIES = new Set(
  'CT MR PT NM US XA RF DX CR MG OT SC SR PR KO REG SEG RTSTRUCT RTDOSE RTPLAN RTIMAGE DOC IO PX OPT'.split(
    ' ',
  ),
);

/** Patient positions of PS3.3 C.7.3.1.1.2 for a patient who lies. */
export const PATIENT_POSITIONS = new Set('HFP HFS HFDR HFDL FFDR FFDL FFP FFS'.split(' '));
