"""The charts of a stock TensorBoard."""

from __future__ import annotations

from typing import Final

IS_DRAWN: Final = """[...document.querySelectorAll('line-chart')].some(chart => {
    if ([...chart.querySelectorAll('svg path')].some(path => /L/.test(path.getAttribute('d') ?? ''))) return true;
    const canvas = chart.querySelector('canvas');
    const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels?.some(each => each !== 0) ?? false;
})"""
"""A JavaScript expression: whether a chart of the page shows a line."""
