"""A name and a telephone number out of one short message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.behalf import Contact, contact_of


@pytest.mark.parametrize(
    ("text", "name", "phone"),
    [
        ("王奶奶 13800001234", "王奶奶", "13800001234"),
        ("13800001234 王奶奶", "王奶奶", "13800001234"),
        ("王奶奶13800001234", "王奶奶", "13800001234"),
        ("王奶奶,电话:138 0000 1234", "王奶奶", "13800001234"),
        ("王奶奶:13800001234", "王奶奶", "13800001234"),
        ("王奶奶\n13800001234", "王奶奶", "13800001234"),
        ("张伟(3号楼502)0722-3812345", "张伟(3号楼502", "0722-3812345"),
        ("3号楼502 王奶奶 13800001234", "3号楼502 王奶奶", "13800001234"),
        ("(0722) 381 2345 老李", "老李", "07223812345"),
        ("Mrs Wang, phone: +86 138-0000-1234", "Mrs Wang", "+86138-0000-1234"),
        ("13800001234", "", "13800001234"),
        ("王奶奶 １３８００００１２３４", "王奶奶", "13800001234"),
        ("老张面馆", "老张面馆", ""),
        ("3号楼502", "3号楼502", ""),
        ("12345 热线", "12345 热线", ""),
        ("王五 420123199001011234", "王五 420123199001011234", ""),
    ],
)
def test_contact(text: str, name: str, phone: str) -> None:
    assert contact_of(text) == Contact(name, phone)


@given(st.text())
def test_anything_can_be_read(text: str) -> None:
    found = contact_of(text)
    assert len([char for char in found.phone if char.isdecimal()]) <= 15
    assert "\n" not in found.name


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_is_found_whole(number: str) -> None:
    assert contact_of(f"王奶奶 {number}") == Contact("王奶奶", number)
