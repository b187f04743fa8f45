"""Makes test/fixtures/volume: small asymmetric volumes with oblique geometry, written by nibabel (an implementation
independent of ITK and of ours), and what they hold in LPS. Run: python3 scripts/make_volume_fixtures.py"""
import json
import os

import nibabel
import numpy as np

OUT = os.path.join(os.path.dirname(__file__), '..', 'test', 'fixtures', 'volume')
SIZE, SPACING, ORIGIN_LPS = (6, 5, 4), (0.5, 1.25, 2.0), (10.0, -20.0, 30.5)


def rotation(ax, ay, az):
    c, s = np.cos, np.sin
    x = np.array([[1, 0, 0], [0, c(ax), -s(ax)], [0, s(ax), c(ax)]])
    y = np.array([[c(ay), 0, s(ay)], [0, 1, 0], [-s(ay), 0, c(ay)]])
    z = np.array([[c(az), -s(az), 0], [s(az), c(az), 0], [0, 0, 1]])
    return z @ y @ x


def affine_ras(direction):
    lps = np.eye(4)
    lps[:3, :3] = direction @ np.diag(SPACING)
    lps[:3, 3] = ORIGIN_LPS
    return np.diag([-1, -1, 1, 1]) @ lps


def main():
    os.makedirs(OUT, exist_ok=True)
    data = (np.arange(np.prod(SIZE)) ** 2 % 301 - 100).astype(np.int16).reshape(SIZE, order='F')
    oblique = rotation(0.2, -0.4, 0.7)
    directions = {
        'oblique': oblique,
        'mirrored': oblique @ np.diag([1, 1, -1]),
        'half-turn': rotation(0, 0, np.pi),
    }
    cases = []
    for name, direction in directions.items():
        affine = affine_ras(direction)
        image = nibabel.Nifti1Image(data, affine)
        image.set_sform(affine, 1)
        image.set_qform(affine, 1)
        image.header.set_xyzt_units('mm')
        file = f'{name}.nii.gz'
        nibabel.save(image, os.path.join(OUT, file))
        index = [1, 3, 2]
        world_lps = (np.diag([-1, -1, 1, 1]) @ nibabel.load(os.path.join(OUT, file)).affine @ [*index, 1])[:3]
        cases.append({
            'file': file,
            'direction': direction.ravel().tolist(),
            'index': index,
            'worldLps': world_lps.tolist(),
            'value': int(data[tuple(index)]),
            'quaternion': [float(image.header[k]) for k in ('quatern_b', 'quatern_c', 'quatern_d')],
            'sform': image.get_sform()[:3].ravel().tolist(),
        })
    # An integer scan in float32 with a slope, big-endian: what old scanners leave behind.
    big = nibabel.Nifti1Image(data.astype('>i2'), affine_ras(oblique), nibabel.Nifti1Header(endianness='>'))
    big.header.set_slope_inter(2, -7)
    nibabel.save(big, os.path.join(OUT, 'big-endian-slope.nii'))
    sheared = affine_ras(oblique @ np.array([[1, 0, 0], [0, 1, 0.3], [0, 0, 1]]))
    image = nibabel.Nifti1Image(data, sheared)
    image.set_sform(sheared, 1)
    nibabel.save(image, os.path.join(OUT, 'sheared.nii.gz'))
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 4, 5, 2), np.uint8), np.eye(4)), os.path.join(OUT, 'four-d.nii.gz'))
    with open(os.path.join(OUT, 'expected.json'), 'w') as f:
        json.dump({'size': SIZE, 'spacing': SPACING, 'origin': ORIGIN_LPS,
                   'data': data.ravel(order='F').tolist(), 'cases': cases}, f)


main()
